"""Use cases of integrations, as other rooms, the pages and the command line call them."""

from alquimista.integrations.service.authorizing import finish_authorization, start_authorization
from alquimista.integrations.service.connecting import connect, disconnect, reconnect, reset, resettable
from alquimista.integrations.service.reading import counts, failing, get, kinds, list_integrations, page
from alquimista.integrations.service.sealing import credentials_of, reseal, store
from alquimista.integrations.service.testing import install, probe, send_mail, tenants_due, test

__all__ = [
    "connect",
    "counts",
    "credentials_of",
    "disconnect",
    "failing",
    "finish_authorization",
    "get",
    "install",
    "kinds",
    "list_integrations",
    "page",
    "probe",
    "reconnect",
    "reseal",
    "reset",
    "resettable",
    "send_mail",
    "start_authorization",
    "store",
    "tenants_due",
    "test",
]
