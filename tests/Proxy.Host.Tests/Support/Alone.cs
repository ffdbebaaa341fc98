namespace Proxy.Host.Tests.Support;

/// <summary>Tests that count what the whole process does: they run when all others have ended.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = nameof(Alone);
}
