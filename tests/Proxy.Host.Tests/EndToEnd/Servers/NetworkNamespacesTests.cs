using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>The simulated hosts that other tests use. Runs alone, as those do, because it takes the name of the host that is created next.</summary>
[Collection(Alone.Name)]
public sealed class NetworkNamespacesTests
{
    [NetworkNamespaceFact]
    public async Task Create_OneFails_TheOthersAreRemoved()
    {
        var taken = NetworkNamespaces.NextName(2);
        await Programs.RunAsync("ip", "", "netns", "add", taken);
        try
        {
            await Assert.ThrowsAnyAsync<Exception>(() => NetworkNamespaces.CreateAsync(3));

            var left = (await Programs.RunAsync("ip", "", "netns", "list")).Split('\n').Select(static line => line.Split(' ')[0]);
            Assert.Equal([taken], left.Where(name => name.StartsWith(taken[..^1], StringComparison.Ordinal)));
        }
        finally
        {
            await Programs.RunAsync("ip", "", "netns", "del", taken);
        }
    }
}
