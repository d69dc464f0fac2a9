"""What no page may do: ask another host, write an error to the console, run what is in the data."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, WebError


@dataclass
class Watch:
    """Listens to contexts, and keeps what was wrong."""

    origin: str
    faults: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Listen to a context; what the policy forbids is an error on the console."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        told_by_page = "the server responded with a status of 4" in message.text
        if message.type in ("error", "warning") and not told_by_page:
            self.faults.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(f"{self.origin}/"):
            self.faults.append(f"request: {request.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()
