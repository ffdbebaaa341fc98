using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>A connection that is to be renewed while it is dialed. The destination may have accepted it already.</summary>
public sealed class CancelledDialTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(Multiplexer.Portable, true)]
    [InlineData(Multiplexer.Loops, true)]
    [InlineData(Multiplexer.Portable, false)]
    [InlineData(Multiplexer.Loops, false)]
    public async Task Renew_WhileADialIsUnderWay_TheDestinationNeverSeesTwo(string transport, bool succeeds)
    {
        Create(transport, real => new FirstIsSlow(real, _end.Task, succeeds ? null : () => OpenAsync(0)));
        await Multiplexer.StartAsync(Device.Port, Line);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n");
        await OpenAsync(1);

        Multiplexer.Registry.Renew("c", "d");
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ State: UpstreamState.Closing }]);
        _end.SetResult();

        Assert.Equal("=1", await client.ReadLineAsync());
        Assert.Equal((2, 1, 1), Device.Connections);
        Assert.Empty(Multiplexer.Status.Errors);
    }

    /// <summary>Its first dial is done and says so only when the test wants it to, whether it was cancelled or not.</summary>
    private sealed class FirstIsSlow(IConnectionFactory real, Task end, Func<Task>? closed) : IConnectionFactory
    {
        private int _dials;

        public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var connection = await real.ConnectAsync(endpoint, cancellationToken);
            if (Interlocked.Increment(ref _dials) == 1)
            {
                await end;
                if (closed is not null)
                {
                    await connection.DisposeAsync();
                    await closed(); // or the destination may see the next connection before the end of this one
                    throw new OperationCanceledException(cancellationToken);
                }
            }

            return connection;
        }
    }
}
