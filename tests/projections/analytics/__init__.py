"""The analytics: what is fed, what may be asked, what a check finds."""

from __future__ import annotations
