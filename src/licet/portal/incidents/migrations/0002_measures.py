"""Measures against persons, and what led to them."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Measures against persons, and what led to them."""

    dependencies: ClassVar[list[Any]] = [
        ("accounts", "0002_read_upto"),
        ("incidents", "0001_initial"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="StoredMeasure",
            fields=[
                (
                    "proceeding",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="measure",
                        serialize=False,
                        to="incidents.storedproceeding",
                    ),
                ),
                ("subject", models.CharField(max_length=96)),
                ("step", models.CharField(max_length=64)),
                ("rule", models.TextField()),
                ("reason", models.TextField()),
                ("until", models.DateTimeField()),
                ("taken", models.DateTimeField(null=True)),
                ("restored", models.BooleanField(default=False)),
                ("binds", models.BooleanField(default=False)),
                ("seq", models.PositiveBigIntegerField(db_index=True)),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="accounts.body",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["holder", "binds", "until"], name="incidents_s_holder__faf65c_idx"
                    ),
                    models.Index(
                        fields=["holder", "subject"], name="incidents_s_holder__567a3d_idx"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Strike",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=96)),
                ("in_a_row", models.PositiveIntegerField(default=0)),
                ("day", models.DateField(null=True)),
                ("that_day", models.PositiveIntegerField(default=0)),
                ("last", models.DateTimeField()),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="strikes",
                        to="accounts.body",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["last"], name="incidents_s_last_c0532f_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("holder", "subject"), name="one_tally_a_person"
                    )
                ],
            },
        ),
    ]
