using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>A destination that takes a request only after its reply was due, or never. The wait for silence has to end all the same.</summary>
public sealed class DrainTests : SessionTestBase
{
    private readonly SlowDestination _destination = new();

    [Fact]
    public async Task Drain_RequestIsTakenAfterItBegan_EndsWithARenewalIfThereIsNeverSilence()
    {
        using var other = await TimeOutAsync();
        await Task.Run(_destination.Take); // what follows from it is done in this call

        for (var half = 0; half < 10; half++)
        {
            await _destination.SayAsync("!");
            await Time.WaitForTimerAsync(TimeSpan.FromSeconds(1)); // the wait for silence begins anew
            Time.Advance(TimeSpan.FromSeconds(0.5));
        }

        Assert.Empty(Multiplexer.Status.Upstreams);
    }

    [Fact]
    public async Task Drain_RequestIsNeverTaken_EndsWithARenewal()
    {
        using var other = await TimeOutAsync();

        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Empty(Multiplexer.Status.Upstreams);
    }

    // Leaves a client behind, for which the connection is kept.
    private async Task<MultiplexPeer> TimeOutAsync()
    {
        Create(Multiplexer.Portable, _ => _destination);
        await Multiplexer.StartAsync(Device.Port, """ "Protocol": "line", "LateReply": "Drain", "ResponseTimeout": "00:00:05" """);
        using var client = await Multiplexer.ConnectAsync();
        var other = await Multiplexer.ConnectAsync();
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 2);
        await client.SendAsync("1\n");
        await _destination.Asked.WaitAsync(Eventually.Limit);
        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal("reset", await client.ReadEndAsync());
        return other;
    }

    /// <summary>Dials connections whose writes end when the test says so.</summary>
    private sealed class SlowDestination : MemoryStream, IConnectionFactory
    {
        private readonly Pipe _replies = new();
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _taken = new(); // inline: the one who takes sees what follows

        public Task Asked => _asked.Task;

        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var transport = new Duplex(_replies.Reader, PipeWriter.Create(this));
            return new(new DefaultConnectionContext("slow", transport, transport));
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _asked.TrySetResult();
            await _taken.Task;
        }

        public void Take() => _taken.SetResult();

        public async Task SayAsync(string text) => await _replies.Writer.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text));
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
