"""Identity: people, their credentials, sessions, API keys, and the external issuer.

Owns alquimista_platform.users, user_credentials, user_identities, tenant_users, invitations, email_tokens, sessions,
refresh_tokens, signing_keys, api_keys, api_key_lookup,
permission_grants and tenant_views.

Invariants: one e-mail is one user; INTERNAL_* roles exist exactly on the platform tenant; the platform keeps two active
INTERNAL_ADMINs and every tenant one active TENANT_ADMIN; tokens, keys and recovery codes are stored only as hashes,
signing keys and TOTP secrets only sealed; a session is good only while its person, membership and tenant are, and
revoking any of them takes effect at once in every process; a grant adds only what a company's administrator holds, and
is looked at whenever an actor is made; a session of staff that looks at a company changes nothing, for an hour at most.
"""
