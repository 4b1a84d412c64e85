"""Practice: drawn pictures, decisions that change nothing, and the model answer with why."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.flows import practise
from heed.people import practice as kept
from heed.rules import policy, practice
from heed.rules.decisions import Ruling
from heed.web.console import permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show
from heed.web.console.views.blind import BlindForm


@require_safe
@permissions.permission("console.enter")
def page(request: ConsoleRequest) -> HttpResponse:
    """Every exercise, and how one did."""
    done = kept.answers_of(request.grants.staff.pk)
    facts = {
        "exercises": [(n, one, done.get(one.id)) for n, one in enumerate(practice.EXERCISES, 1)],
        "points": sum(one.points for one in done.values()),
        "most": 2 * len(practice.EXERCISES),
        "done": len(done),
    }
    return show(request, "practice.html", facts)


def _exercise(name: str) -> practice.Exercise:
    try:
        return practice.exercise(name)
    except practice.NoSuchExercise:
        raise Http404 from None


@require_safe
@permissions.permission("console.enter")
def one(request: ConsoleRequest, name: str) -> HttpResponse:
    """One exercise; with the model answer once it was answered."""
    return _one(request, _exercise(name), BlindForm(policy.clauses()))


def _one(
    request: ConsoleRequest, exercise: practice.Exercise, form: BlindForm, status: int = 200
) -> HttpResponse:
    answer = kept.answers_of(request.grants.staff.pk).get(exercise.id)
    facts = {
        "exercise": exercise,
        "form": form,
        "answer": answer,
        "said": answer and policy.clause(answer.clause),
        "model": policy.clause(exercise.clause),
        "next": practice.EXERCISES[
            (practice.EXERCISES.index(exercise) + 1) % len(practice.EXERCISES)
        ],
    }
    return show(request, "exercise.html", facts, status=status)


@require_POST
@permissions.permission("console.enter")
def decide(request: ConsoleRequest, name: str) -> HttpResponse:
    """Decide an exercise: scored against the model answer."""
    exercise, form = _exercise(name), BlindForm(policy.clauses(), request.POST)
    if not form.is_valid():
        return _one(request, exercise, form, status=422)
    points = practise.practise(
        exercise=exercise.id,
        ruling=Ruling(form.cleaned_data["ruling"]),
        clause=form.cleaned_data["clause"],
        by=request.grants.staff.pk,
        now=timezone.now(),
    )
    messages.info(request, f"{points} of 2 points.")
    return redirect("console:exercise", name=name)
