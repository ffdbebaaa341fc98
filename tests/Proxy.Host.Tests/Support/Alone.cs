namespace Proxy.Host.Tests.Support;

/// <summary>
/// The collection of tests that run alone, after all others: they measure the whole process, need what others use too, or have deadlines that a busy machine
/// does not keep. Each says why. A host in the process of the tests is no reason: it has services, meters and ports of its own.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = nameof(Alone);
}
