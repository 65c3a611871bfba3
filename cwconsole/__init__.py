"""cwconsole: polls ConnectWise CRM REST for changes and delivers them as events."""

__version__ = "0.1.0"
