using System.Buffers;
using System.Text;
using Proxy.Configuration.Multiplexing;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>A protocol of an application: one file, with its framer and its rules, and one registration.</summary>
public sealed class OwnProtocolTests : SessionTestBase
{
    private const string Words = "\"Protocol\": \"words\"";
    private int _value = 1;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Device.Answer(line => line.StartsWith("SET", StringComparison.Ordinal) ? $"OK {_value = 2}" : $"VALUE {_value}");
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_SameRead_IsAnsweredOnceAndAgainAfterAWrite(string transport)
    {
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal("VALUE 1", await client.AskAsync("GET a"));
        Assert.Equal("VALUE 1", await client.AskAsync("GET a"));
        Assert.Equal(["GET a"], Device.Lines);

        Assert.Equal("OK 2", await client.AskAsync("SET a"));
        Assert.Equal("VALUE 2", await client.AskAsync("GET a"));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_Error_IsPassedOnAndNotKept(string transport)
    {
        await StartAsync(transport);
        Device.Answer(static _ => "ERROR device");
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal("ERROR device", await client.AskAsync("GET a"));
        Assert.Equal("ERROR device", await client.AskAsync("GET a"));

        Assert.Equal(2, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Judge_Denied_ClientIsToldInTheProtocolsWords(string transport)
    {
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal("ERROR NotAllowed", await client.AskAsync("DROP a"));
        Assert.Equal("VALUE 1", await client.AskAsync("GET a"));

        Assert.Equal(["GET a"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Measure_BytesThatCannotEndTheRequest_AreNotMeasured(string transport)
    {
        Create(transport, add: static builder => builder.AddFramer<Counted>());
        await Multiplexer.StartAsync(Device.Port, "\"Protocol\": \"counted\"");
        using var client = await Multiplexer.ConnectAsync();
        var before = Counted.Measured;
        for (var sent = 1; sent < Counted.Size; sent++)
        {
            await client.SendAsync("x");
            await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any(record => record.ClientBytes == sent));
        }

        Assert.InRange(Counted.Measured - before, 0, 2); // with none, and with the first

        await client.SendAsync("\n");
        Assert.Equal("VALUE 1", await client.ReadLineAsync());
    }

    private Task StartAsync(string transport)
    {
        Create(transport, add: static builder => builder.AddFramer<Protocol>());
        return Multiplexer.StartAsync(Device.Port, Words);
    }

    /// <summary>Requests of one size, which are counted as they are measured.</summary>
    private sealed class Counted : IMessageFramer
    {
        public const int Size = 50;
        private static int _measured;

        public string Name => "counted";

        public string Description => "Requests of one size, and lines.";

        public int MaxBytes => 100;

        public static int Measured => Volatile.Read(ref _measured);

        public FrameMeasure Measure(in MeasureContext context)
        {
            if (context.Direction == MessageDirection.Reply)
            {
                var end = context.Buffer.IndexOf((byte)'\n');
                return end < 0 ? FrameMeasure.NeedMore(context.Buffer.Length + 1, MaxBytes) : FrameMeasure.Complete(end + 1);
            }

            Interlocked.Increment(ref _measured);
            return context.Buffer.Length < Size ? FrameMeasure.NeedMore(Size, MaxBytes) : FrameMeasure.Complete(Size);
        }
    }

    private sealed class Protocol : IMessageFramer, IProtocolRules, IRouteRules
    {
        public string Name => "words";

        public string Description => "Lines of a verb and a name.";

        public int MaxBytes => 100;

        public IProtocolRules Rules => this;

        public FrameMeasure Measure(in MeasureContext context)
        {
            var end = context.Buffer.IndexOf((byte)'\n');
            return end < 0 ? FrameMeasure.NeedMore(context.Buffer.Length + 1, MaxBytes)
                : context.Buffer.StartsWith("GET"u8) ? FrameMeasure.Complete(end + 1, MessageTraits.Safe)
                : FrameMeasure.Complete(end + 1);
        }

        public RequestFacts Describe(ReadOnlySpan<byte> request) =>
            request.StartsWith("GET "u8) ? new RequestFacts { ShareKey = request[4] } : default;

        public ReplyMeaning Judge(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) =>
            reply.StartsWith("ERROR"u8) ? ReplyMeaning.Error : ReplyMeaning.Answer;

        public bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
        {
            writer.Write(Encoding.ASCII.GetBytes($"ERROR {reply}\n"));
            return true;
        }

        public ReplySharing SharingOf(ClusterMultiplexConfig config) => new(Joins: true, KeptFor: TimeSpan.FromMinutes(1));

        public IRouteRules RulesOf(MultiplexConfig config) => this;

        public RequestVerdict Judge(ReadOnlySpan<byte> request) =>
            request.StartsWith("DROP"u8) ? RequestVerdict.Deny : RequestVerdict.Allow;
    }
}
