"""Fetching what a command has exported."""

from typing import Final

from starlette.responses import StreamingResponse

from alquimista.access import Permission
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.operations import service
from alquimista.operations.models.commands import ExportGone, UnknownCommand

_MEDIA: Final = "application/zip"


async def fetch_export(context: Context) -> StreamingResponse:
    """The file, as it is read."""
    command = await service.find(context.db.staff(), context.uuid("command_id"))
    conn = context.db.tenant(command.tenant_id)
    path, size, chunks = await service.fetch_export(conn, context.services.settings, context.who, command)
    headers = {"content-disposition": f'attachment; filename="{path.name}"', "content-length": str(size)}
    return StreamingResponse(chunks, media_type=_MEDIA, headers=headers)


ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/operations/commands/{command_id:uuid}/export",
        handler=fetch_export,
        summary="The file that an EXPORT_TENANT command has written, for 7 days",
        tag="operations",
        permission=Permission.TENANT_EXPORT,
        scope=TenantScope.PLATFORM,
        response=bytes,
        answers=(_MEDIA,),
        limits=(Limit(count=30, seconds=60, per=("user",)),),
        problems=(UnknownCommand, ExportGone),
    ),
)
