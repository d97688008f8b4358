"""The portal: what people see and do of the licensing regime, in a browser. A Django project.

It refuses to know rules of law: it parses, calls `cases`, `credentials`, `rulebook` and `ledger`,
and renders. Django lives here and nowhere else.

Rules
1. Nothing of Django is set up by importing: `settings.start` does it, once in a process.
2. Every page is complete without JavaScript, in every language of `design.languages`.
3. Words that people read are in `design/words`, in all languages side by side; what the law
   says is in the pack.
"""
