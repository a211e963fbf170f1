"""An operation's refusals in the words of a form: at the field they are about, else above the form."""

from collections.abc import Iterable, Mapping

from django import forms

from kernel.refusals import OPERATION, Conflict, Invalid, InvalidSet, Refusal


def show_refusal(form: forms.BaseForm, refusal: Refusal, *, places: Mapping[str, str], verb: str) -> None:
    """`places` says under which field a value of another name was entered; `verb` is what was refused."""
    for part in _parts(refusal):
        about = getattr(part, "about", OPERATION)
        field = places.get(about, about)
        if field in form.fields:
            form.add_error(field, sentence(getattr(part, "message", str(part))))
        elif about == OPERATION and isinstance(part, Invalid):
            form.add_error(None, sentence(f"{verb} {part.message}"))
        else:
            form.add_error(None, sentence(str(part)))


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _parts(refusal: Refusal) -> Iterable[Refusal | Conflict]:
    return refusal.refusals if isinstance(refusal, InvalidSet) else (refusal,)
