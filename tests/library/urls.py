from django.contrib import admin
from django.urls import path

from api.routers import ResourceRouter, by_type
from tests.library.views import AuthorViewSet, BookViewSet, GenreViewSet, LibraryViewSet


def crash(request):
    raise RuntimeError("a bug")


router = ResourceRouter()
for viewset in (AuthorViewSet, BookViewSet, GenreViewSet, LibraryViewSet):
    router.register(viewset)

urlpatterns = [
    path("api/crash", crash),
    by_type("api/", router.urls),
    # Django's page for a crash prints the settings, and some of them name the admin's addresses.
    path("back-office/", admin.site.urls),
]
