"""Who hears of a budget."""

import json

from moto.budgets.responses import BudgetsResponse as Responses


def describe_subscribers_for_notification(self):
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    for notification in budget.notifications:
        if all(notification.details.get(key) == wanted[key] for key in ("NotificationType", "Threshold")):
            return json.dumps({"Subscribers": notification.subscribers})
    return json.dumps({"Subscribers": []})


def install():
    Responses.describe_subscribers_for_notification = describe_subscribers_for_notification
