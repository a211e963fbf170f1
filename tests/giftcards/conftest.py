from hypothesis import settings

# On a busy machine one example may take long; what is wrong is wrong at any speed.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
