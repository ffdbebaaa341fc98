using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>A request is sent again only if the destination cannot have got it, or if it only reads.</summary>
public sealed class RetryTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Request_TheKernelDidNotTake_IsSentOnTheNextConnection(string transport)
    {
        Create(transport, static real => new FirstBreaks(real));
        await Multiplexer.StartAsync(Device.Port, Line);
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await client.AskAsync("1")); // by the one that breaks

        Assert.Equal("=2", await client.AskAsync("2"));

        Assert.Equal(["2"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Read_ItsConnectionEnded_TheSecondTryWaitsLikeTheFirst(string transport)
    {
        await Device.DisposeAsync();
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], 7));
        var answer = Device.OnMessage;
        Device.OnMessage = (message, peer) =>
        {
            if (Device.Messages.Count > 1)
            {
                return answer(message, peer);
            }

            peer.Reset();
            return Task.CompletedTask;
        };
        await StartAsync(
            transport,
            "\"Protocol\": \"modbus-tcp\", \"ConnectDelay\": \"00:00:03\", \"ResponseTimeout\": \"00:00:02\"",
            "\"QueueTimeout\": \"None\""
        );
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5)));

        await Eventually.TrueAsync(() =>
        {
            // Of what is dialed or in flight, time would be the end.
            var isBusy = Multiplexer.Status.Upstreams.Any(static one => one is { InFlight: > 0 } or { State: UpstreamState.Connecting });
            Time.Advance(isBusy ? TimeSpan.Zero : Tick);
            return Device.Messages.Count == 2;
        });

        Assert.Equal(ModbusMessages.Value(1, 7), await client.ReadReplyAsync(1));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Request_TheKernelDidNotTakeButRetryIsOff_Fails(string transport)
    {
        Create(transport, static real => new FirstBreaks(real));
        await Multiplexer.StartAsync(Device.Port, Line + """, "Retry": "None" """);
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal("=1", await client.AskAsync("1"));

        Assert.Equal("reset", await client.AskAsync("2"));

        Assert.Empty(Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Requests_ConnectionsThatEndAtAnyMoment_NoneReachesTheDestinationTwice(string transport)
    {
        var random = new Random(3);
        Device.OnMessage = async (message, peer) =>
        {
            var end = random.Next(6);
            if (end > 0)
            {
                await peer.SendAsync("=" + Encoding.ASCII.GetString(message));
            }

            if (end is 0 or 1)
            {
                peer.Reset();
            }
            else if (end == 2)
            {
                peer.Dispose();
            }
        };
        await StartAsync(transport, Line + """, "RetryDelay": "00:00:00.100", "MaxRetryDelay": "00:00:00.100" """);
        var answered = 0;
        for (var number = 0; number < 300; number++)
        {
            using var client = await Multiplexer.ConnectAsync();
            var reply = await client.AskAsync($"{number}");
            Assert.Contains(reply, (string[])[$"={number}", "reset"]);
            answered += reply == "reset" ? 0 : 1;
            Time.Advance(Tick);
        }

        Assert.InRange(answered, 50, 300);
        Assert.Equal(Device.Lines.Distinct(), Device.Lines);
    }

    /// <summary>Dials once a connection that answers one request and then fails to take the next; afterwards the real thing.</summary>
    private sealed class FirstBreaks(IConnectionFactory real) : IConnectionFactory
    {
        private int _dials;

        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            Interlocked.Increment(ref _dials) == 1 ? new(Breaking()) : real.ConnectAsync(endpoint, cancellationToken);

        private static DefaultConnectionContext Breaking()
        {
            var replies = new Pipe();
            var transport = new Duplex(replies.Reader, PipeWriter.Create(new BreakingStream(replies.Writer)));
            return new DefaultConnectionContext("breaking", transport, transport);
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class BreakingStream(PipeWriter replies) : MemoryStream
    {
        private bool _isBroken;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isBroken)
            {
                throw new IOException("Broken pipe.");
            }

            _isBroken = true;
            await replies.WriteAsync((byte[])[(byte)'=', .. buffer.Span], cancellationToken);
        }
    }
}
