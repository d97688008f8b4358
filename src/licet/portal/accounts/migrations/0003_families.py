"""Guardians are of a body of their own kind."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Names the kind."""

    dependencies: ClassVar[list[Any]] = [
        ("accounts", "0002_read_upto"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.AlterField(
            model_name="body",
            name="kind",
            field=models.CharField(
                choices=[
                    ("authority", "authority"),
                    ("provider", "provider"),
                    ("family", "family"),
                ],
                max_length=16,
            ),
        ),
    ]
