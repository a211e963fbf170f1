"""Whether the process lives, and whether it can serve: for probes, so without a key."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.codes import WrongCodeKeys
from giftcards.verification.verdicts import standing


class Migrations:
    """Applied migrations stay applied while this process lives: asked for until the answer is yes."""

    applied = False

    @classmethod
    def are_applied(cls) -> bool:
        if not cls.applied:
            executor = MigrationExecutor(connection)
            cls.applied = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return cls.applied


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    try:
        if not Migrations.are_applied():
            return _unavailable("Migrations are not applied.")
        require_the_keys_of_this_database()  # asks the database every time
        ledger = standing()
    except DatabaseError:
        return _unavailable("The database can't be reached.")
    except WrongCodeKeys as wrong:
        return _unavailable(str(wrong))
    # What the ledger says is for alarms. Taking every process out of service would mend no lie, and stop
    # shops that could go on selling: so it never makes one unready.
    return JsonResponse({"status": "ok", "ledger": ledger})


def _unavailable(detail: str) -> JsonResponse:
    return JsonResponse({"status": "unavailable", "detail": detail}, status=503)
