using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Locking;

/// <summary>Checks what a lock says of itself: its hooks, and whether they can run.</summary>
internal static class LockValidator
{
    /// <param name="config">The block.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="names">The hooks that are defined in code.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static void Check(LockConfig config, string path, ConfigurationNames names, ProblemList problems)
    {
        new HookStepValidator(HookListKind.Activation, names, problems).Check(config.OnActivate, $"{path}:OnActivate");
        new HookStepValidator(HookListKind.Destination, names, problems).Check(config.OnTimeout, $"{path}:OnTimeout");
        new HookStepValidator(HookListKind.Destination, names, problems).Check(config.OnRelease, $"{path}:OnRelease");
        if (config.OnTimeout.Count > 0 && config.MaxHold < TimeSpan.Zero)
        {
            problems.Warn($"{path}:OnTimeout", "never runs, because MaxHold is None.");
        }
    }
}
