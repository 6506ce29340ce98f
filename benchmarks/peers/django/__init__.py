"""Django and Django REST Framework: peer (c)."""
