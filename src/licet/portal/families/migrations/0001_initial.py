"""The tables of families."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes them."""

    initial = True

    dependencies: ClassVar[list[Any]] = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Child",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=512, unique=True)),
                ("looked", models.DateTimeField(db_index=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Counted",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("persons", models.PositiveIntegerField(null=True)),
                ("cells", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="UsedTicket",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("ends", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("about", models.CharField(blank=True, max_length=100)),
                ("text", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "child",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="told",
                        to="families.child",
                    ),
                ),
                (
                    "guardian",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="told",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredAppeal",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("words", models.TextField()),
                ("filed_ms", models.BigIntegerField()),
                ("due_ms", models.BigIntegerField()),
                ("outcome", models.CharField(db_index=True, default="open", max_length=16)),
                ("reason", models.TextField(blank=True)),
                ("decided_ms", models.BigIntegerField(default=0)),
                (
                    "child",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeals",
                        to="families.child",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredLink",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("called", models.CharField(max_length=40)),
                ("code", models.CharField(db_index=True, max_length=64)),
                ("invited_ms", models.BigIntegerField()),
                ("stage", models.CharField(max_length=16)),
                ("since_ms", models.BigIntegerField()),
                (
                    "child",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="families.child",
                    ),
                ),
                (
                    "guardian",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StoredRequest",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("asked_ms", models.BigIntegerField()),
                ("minutes", models.PositiveIntegerField()),
                ("given", models.PositiveIntegerField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "child",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="families.child",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Errand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("deed", models.CharField(max_length=32)),
                ("body", models.JSONField()),
                ("state", models.CharField(default="waiting", max_length=16)),
                ("said", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "child",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="errands",
                        to="families.child",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "id"], name="families_er_state_c39411_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="StoredAlert",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at_ms", models.BigIntegerField()),
                ("category", models.CharField(max_length=40)),
                ("outcome", models.CharField(db_index=True, default="open", max_length=16)),
                ("reason", models.TextField(blank=True)),
                ("decided_ms", models.BigIntegerField(default=0)),
                (
                    "child",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="families.child",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("child", "at_ms", "category"), name="one_alert_once"
                    )
                ],
            },
        ),
    ]
