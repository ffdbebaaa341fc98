using Proxy.Revisions;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>A stop while an edit is being read, which may take long.</summary>
public sealed class StopWhileReadingTests
{
    [Fact]
    public async Task Stop_EditIsBeingRead_DoesNotWaitForIt()
    {
        await using var host = await EditedHost.StartAsync(Json(1));
        await host.Service<ProxyStatus>().WhenSettledAsync().WaitAsync(Eventually.Limit); // it reads once more when it has started
        Assert.Null(host.State.ReadingSince);
        var mayRead = new TaskCompletionSource();
        host.Faults.MayRead = mayRead.Task;
        try
        {
            await host.BeginEditAsync(Json(2));

            await host.StopAsync().WaitAsync(Eventually.Limit);

            Assert.Null(host.State.ReadingSince);
            Assert.Empty(host.State.Rejected);
            Assert.NotNull(host.State.DrainingSince);
        }
        finally
        {
            mayRead.SetResult();
        }
    }

    private static string Json(int port) =>
        $$"""
            { "ReverseProxy": { "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{port}}" } } } } } }
            """;
}
