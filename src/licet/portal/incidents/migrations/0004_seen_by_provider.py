"""Whether the provider may know of a proceeding."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether the provider may know of a proceeding."""

    dependencies: ClassVar[list[Any]] = [("incidents", "0003_bundle")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            model_name="storedproceeding",
            name="seen_by_provider",
            field=models.BooleanField(default=True),
        ),
    ]
