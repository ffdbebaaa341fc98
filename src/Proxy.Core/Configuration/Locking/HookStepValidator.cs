using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Locking;

/// <summary>Checks a list of steps.</summary>
internal sealed class HookStepValidator(HookListKind kind, ConfigNames names, ProblemList problems)
{
    private const string Actions = "Exec, Http, WaitForPort, Delay or Hook";

    /// <summary>Checks the steps at a path, such as …:Lock:OnActivate.</summary>
    public void Check(IReadOnlyList<HookStepConfig> steps, string path)
    {
        foreach (var (index, step) in steps.Index())
        {
            var place = $"{path}:{index}";
            CheckAction(step, place);
            CheckExec(step.Exec, $"{place}:Exec");
            CheckHttp(step.Http, $"{place}:Http");
            CheckHook(step.Hook, $"{place}:Hook");
            CheckPlace(step, place);
        }
    }

    private static IEnumerable<string> ActionsOf(HookStepConfig step) =>
        new[]
        {
            step.Exec is null ? null : nameof(step.Exec),
            step.Http is null ? null : nameof(step.Http),
            step.WaitForPort is null ? null : nameof(step.WaitForPort),
            step.Delay is null ? null : nameof(step.Delay),
            step.Hook is null ? null : nameof(step.Hook),
        }.OfType<string>();

    private void CheckAction(HookStepConfig step, string path)
    {
        var actions = ActionsOf(step).ToList();
        if (actions.Count == 0)
        {
            // Any error in the step may be in its action.
            problems.Consequence(path, $"does nothing; give it one of {Actions}.", path);
        }
        else if (actions.Count > 1)
        {
            problems.Consequence(path, $"has {string.Join(" and ", actions)}; a step does one thing, so make them several steps.");
        }
    }

    private void CheckExec(IReadOnlyList<string>? command, string path)
    {
        if (command is { Count: 0 } or ["", ..])
        {
            problems.Consequence(path, "names no program; write [\"/path/to/program\", \"argument\"].", path);
        }
        else if (command?.Any(static part => part.Contains('\0', StringComparison.Ordinal)) == true)
        {
            problems.Consequence(path, "contains a zero character, which arguments cannot have; remove it.");
        }
    }

    private void CheckHttp(string? text, string path)
    {
        if (text is null)
        {
            return;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            problems.Consequence(path, $"'{ScalarReader.Shorten(text)}' is no absolute URL; write http://host/path or https://host/path.");
        }
        else if (url.UserInfo.Length > 0)
        {
            problems.Consequence(path, "has a user name or password, which are not sent; leave out what stands before '@'.");
        }
    }

    private void CheckHook(string? name, string path)
    {
        if (name is not null && !names.Hooks.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            problems.Consequence(path, $"no hook '{ScalarReader.Shorten(name)}'; known hooks: {DidYouMean.List(names.Hooks)}.");
        }
    }

    private void CheckPlace(HookStepConfig step, string path)
    {
        if (kind != HookListKind.Activation && step.Every is not null)
        {
            problems.Consequence(
                $"{path}:{nameof(step.Every)}",
                "is possible in OnActivate only, where activations are counted; leave it out."
            );
        }

        if (kind != HookListKind.Activation && step.AfterTimeout)
        {
            problems.Consequence(
                $"{path}:{nameof(step.AfterTimeout)}",
                "is possible in OnActivate only, which a timeout may have preceded; leave it out."
            );
        }

        if (kind != HookListKind.Activation && step.AtStart)
        {
            problems.Consequence(
                $"{path}:{nameof(step.AtStart)}",
                "is possible in OnActivate only, where activations are counted; leave it out."
            );
        }

        if (kind == HookListKind.Plain && step.WaitForPort is not null)
        {
            problems.Consequence(
                $"{path}:{nameof(step.WaitForPort)}",
                "is not possible here, since there is no destination whose port it could be; leave it out."
            );
        }
    }
}
