"""Write the golden document anew: `python -m tests.web.platform_api.renew`."""

import json
import os
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "golden" / "openapi.json"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heed.settings")
    import django

    django.setup()
    from heed.web.platform_api.urls import api

    text = json.dumps(api.get_openapi_schema(), indent=1, sort_keys=True)
    GOLDEN.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
