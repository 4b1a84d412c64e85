"""What the web server loads: Django in threads, and the gate beside it."""

import os
from concurrent.futures import ThreadPoolExecutor

from django.core.wsgi import get_wsgi_application

from heed import garbage
from heed.instance.bridge import Threads
from heed.instance.web import THREADS

if not os.environ.get("HEED_SECRET_KEY"):
    raise SystemExit("HEED_SECRET_KEY is not set: links and sessions would be signed with nothing")
_django_itself = get_wsgi_application()

from heed.instance.turns import Turns  # noqa: E402  (Django is set up now)
from heed.web.platform_api.gate.following import Following  # noqa: E402
from heed.web.platform_api.gate.handler import Gate  # noqa: E402
from heed.web.platform_api.gate.missed import Missed  # noqa: E402

_missed = Missed()
_following = Following(_missed.tell)
_following.start()
_django = Threads(_django_itself, ThreadPoolExecutor(THREADS, "pages"), Turns(THREADS).turn)
application = Gate(_django, _following, _missed)
garbage.as_ever()
