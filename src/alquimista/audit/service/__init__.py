"""Audit's use cases, as every other room calls them."""

from alquimista.audit.gateway import FILE as ANCHOR_FILE
from alquimista.audit.gateway import place as anchor_file
from alquimista.audit.gateway import read as read_anchors
from alquimista.audit.service.anchoring import anchor
from alquimista.audit.service.checking import chains, check
from alquimista.audit.service.erasing import erase
from alquimista.audit.service.exporting import export
from alquimista.audit.service.failing import REACHED_OUT, SIGN_IN, failed_since, reached_out
from alquimista.audit.service.recording import entries, entries_of_all, entry, record
from alquimista.audit.service.sealing import seal, seal_all
from alquimista.audit.service.signing import signer
from alquimista.audit.service.verification import verify

__all__ = [
    "ANCHOR_FILE",
    "REACHED_OUT",
    "SIGN_IN",
    "anchor",
    "anchor_file",
    "chains",
    "check",
    "entries",
    "entries_of_all",
    "entry",
    "erase",
    "export",
    "failed_since",
    "reached_out",
    "read_anchors",
    "record",
    "seal",
    "seal_all",
    "signer",
    "verify",
]
