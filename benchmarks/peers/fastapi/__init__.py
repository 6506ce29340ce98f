"""FastAPI, SQLAlchemy and asyncpg: peer (a)."""
