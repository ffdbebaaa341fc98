namespace Proxy.Host.Tests.Support;

/// <summary>The collection of tests that measure the whole process. They run alone, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = nameof(Alone);
}
