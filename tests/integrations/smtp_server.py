"""A stand-in for a mail server: it speaks SMTP on loopback, keeps what it takes, and refuses."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Letter:
    """One mail with its envelope."""

    sender: str
    to: str
    data: bytes

    def returned(self, status: str, action: str = "failed") -> bytes:
        """What a mail server further on sends back to the envelope's sender (RFC 3464)."""
        lines = [
            "From: MAILER-DAEMON@mail.example", f"To: {self.sender}",
            "Subject: Undelivered Mail Returned to Sender", "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="B"', "",
            "--B", "Content-Type: text/plain", "", "It could not be delivered.",
            "--B", "Content-Type: message/delivery-status", "",
            "Reporting-MTA: dns; mail.example", "",
            f"Final-Recipient: rfc822; {self.to}", f"Action: {action}", f"Status: {status}", "",
            "--B--", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode()


@dataclass
class MailServer:
    """What it took, and what it says to whom."""

    port: int
    letters: list[Letter] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)  # address -> answer
    says: dict[str, str] = field(default_factory=dict)  # word (or GREET) -> answer


class _Server(socketserver.ThreadingTCPServer):
    kept: MailServer


class _Talk(socketserver.StreamRequestHandler):
    """One conversation; each word is answered, whatever it is."""

    server: _Server

    def handle(self) -> None:
        self.sender = self.to = ""
        answer = self.server.kept.says.get("GREET", "220 stand-in")
        while answer:
            self.wfile.write(answer.encode() + b"\r\n")
            line = self.rfile.readline().decode().strip()
            answer = self.answer(line, line[:4].upper()) if line else ""
        self.wfile.write(b"221 bye\r\n")

    def answer(self, line: str, word: str) -> str:
        address = line.partition("<")[2].partition(">")[0]
        if word == "QUIT":
            return ""
        if word in self.server.kept.says:
            return self.server.kept.says[word]
        if word == "MAIL":
            self.sender = address
        if word == "RCPT":
            self.to = address
            return self.server.kept.refuses.get(address, "250 ok")
        if word == "DATA":
            self.wfile.write(b"354 go on\r\n")
            self.server.kept.letters.append(Letter(self.sender, self.to, self.body()))
        return "250 ok"

    def body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = _Server(("127.0.0.1", 0), _Talk)
    server.kept = MailServer(port=server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
