using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Locking;

/// <summary>Checks a section Lock and its hooks.</summary>
internal static class LockValidator
{
    /// <param name="config">The section.</param>
    /// <param name="path">The path of the section.</param>
    /// <param name="names">The hooks that are registered in code.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(LockConfig config, string path, ConfigNames names, ProblemList problems)
    {
        new HookStepValidator(HookListKind.Activation, names, problems).Check(config.OnActivate, $"{path}:OnActivate");
        new HookStepValidator(HookListKind.Destination, names, problems).Check(config.OnTimeout, $"{path}:OnTimeout");
        new HookStepValidator(HookListKind.Destination, names, problems).Check(config.OnRelease, $"{path}:OnRelease");
        if (config.OnTimeout.Count > 0 && config.MaxHold < TimeSpan.Zero)
        {
            problems.Warn($"{path}:OnTimeout", "never runs, because MaxHold is None; set MaxHold, or leave OnTimeout out.");
        }

        CheckScope(config, path, problems);
    }

    private static void CheckScope(LockConfig config, string path, ProblemList problems)
    {
        if (config.Scope != LockScope.Global)
        {
            if (config.WhenEngineLost != WhenEngineLost.Hold)
            {
                problems.Consequence(
                    $"{path}:WhenEngineLost",
                    "is for locks with Scope Global; set \"Scope\": \"Global\", or leave this out.",
                    $"{path}:Scope"
                );
            }

            return;
        }

        if (config.QueueLimit == 0)
        {
            problems.Consequence(
                $"{path}:QueueLimit",
                "0 admits no client with Scope Global, where each client waits until the engine has answered; set at least 1."
            );
        }
    }
}
