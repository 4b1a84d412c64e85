"""What the web server loads in its worker process."""

import os
import signal

from django.core.wsgi import get_wsgi_application

from heed.instance import leash

if not os.environ.get("HEED_SECRET_KEY"):
    raise SystemExit("HEED_SECRET_KEY is not set: links and sessions would be signed with nothing")
leash.tie(os.getppid(), signal.SIGKILL)  # a killed server must not leave its worker with the port
application = get_wsgi_application()
