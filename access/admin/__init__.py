from access.admin.api_keys import ApiKeyAdmin, ApplicationAdmin
from access.admin.people import GroupAdmin, OrganizationAdmin, UserAdmin

__all__ = ["ApiKeyAdmin", "ApplicationAdmin", "GroupAdmin", "OrganizationAdmin", "UserAdmin"]
