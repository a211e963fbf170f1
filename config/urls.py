"""The only place that knows every app. /admin is left free: it belongs to the Medusa API."""

from django.contrib import admin
from django.urls import path

from config import health

urlpatterns = [
    path("healthz/live", health.live),
    path("healthz/ready", health.ready),
    path("back-office/", admin.site.urls),
]
