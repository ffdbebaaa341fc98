namespace Proxy.Core.Tests;

/// <summary>Tests that look at the whole process, its memory or its descriptors: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = nameof(Alone);
}
