using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class StrayBytesTests : IAsyncLifetime
{
    private static readonly byte[] _read = ModbusMessages.Rtu(ModbusMessages.Read(1, 5));
    private static readonly byte[] _value = ModbusMessages.Rtu(ModbusMessages.Value(1, 5));
    private static readonly byte[] _write = ModbusMessages.Rtu(ModbusMessages.Write(1, 5, 9));

    private readonly TestClient _client = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly ByteBuffer _input = new(null);
    private UpstreamConnection _connection = null!;
    private UpstreamEvents _session = null!;

    [Fact]
    public void TryTakeGreeting_BeforeTheFirstRequest_IsDroppedAndItsEndKept()
    {
        var strays = Create(Device.Line);
        Receive(Bytes.Text("WELCOME\r\n"));

        Assert.True(strays.TryTakeGreeting(_input, out var isTooLong));

        Assert.False(isTooLong);
        Assert.Equal(0, _input.Count);
        Receive(new byte[100]);
        strays.TryTakeGreeting(_input, out _);
        Assert.Equal(new byte[64], strays.Greeted);
    }

    [Fact]
    public void TryTakeGreeting_OnceARequestWasSent_IsNoGreeting()
    {
        var strays = Create(Device.Line);
        _connection.HasSent = true;
        Receive(Bytes.Text("=1\n"));

        Assert.False(strays.TryTakeGreeting(_input, out _));

        Assert.Equal(3, _input.Count);
    }

    [Fact]
    public void TryTakeGreeting_WithoutEnd_IsTooLong()
    {
        var strays = Create(Device.Line);
        var isTooLong = false;
        for (var part = 0; part < 17; part++)
        {
            Assert.False(isTooLong);
            Receive(new byte[4096]);
            Assert.True(strays.TryTakeGreeting(_input, out isTooLong));
        }

        Assert.True(isTooLong);
    }

    [Fact]
    public void TryTakeGreeting_GreetingNone_IsNotTaken()
    {
        var strays = Create(Device.Line, new() { Greeting = Greeting.None });
        Receive(Bytes.Text("WELCOME\r\n"));

        Assert.False(strays.TryTakeGreeting(_input, out _));
    }

    [Fact]
    public void TryTakeEcho_OfARead_IsDroppedOnce()
    {
        var strays = Create(Device.ModbusRtu);
        var request = Request(_read, MessageTraits.Safe);
        Receive([.. _read, .. _read]);

        Assert.True(strays.TryTakeEcho(request, _input));
        Assert.False(strays.TryTakeEcho(request, _input));

        Assert.True(_session.HasEcho);
        Assert.Equal(_read, _input.Span.ToArray());
    }

    [Fact]
    public void TryTakeEcho_OfAWriteThatIsAnsweredByItsCopy_OnlyOnceAnEchoWasSeen()
    {
        var strays = Create(Device.ModbusRtu);
        var request = Request(_write, MessageTraits.RepliesRepeat);
        Receive(_write);
        Assert.False(strays.TryTakeEcho(request, _input));

        _session.HasEcho = true;

        Assert.True(strays.TryTakeEcho(request, _input));
    }

    [Theory]
    [InlineData("modbus-rtu-over-tcp", Echo.None)]
    [InlineData("modbus-tcp", Echo.Auto)] // no serial line
    [InlineData("line", Echo.Auto)] // its replies are what the device likes
    public void TryTakeEcho_NoneOrNoChecksum_IsNotTaken(string protocol, Echo echo)
    {
        var strays = Create(KnownProtocols.BuiltIn.Framers.Single(framer => framer.Name == protocol), new() { Echo = echo });
        var request = Request(_read, MessageTraits.Safe);
        Receive(_read);

        Assert.False(strays.TryTakeEcho(request, _input));
        Assert.False(strays.MayBeEcho(request, _input));
    }

    [Fact]
    public void MayBeEcho_PartOfTheRequest_IsWaitedWith()
    {
        var strays = Create(Device.ModbusRtu);
        Receive(_read[..3]);

        Assert.True(strays.MayBeEcho(Request(_read, MessageTraits.Safe), _input));
        Assert.False(strays.MayBeEcho(Request(_write, MessageTraits.None), _input));
        Assert.False(strays.MayBeEcho(null, _input));
    }

    [Theory]
    [InlineData("000000", 3)] // noise
    [InlineData("01 03 02", 3)]
    public void Judge_BytesWithoutAReply_AreDroppedWhereThereIsAChecksum(string bytes, int dropped) =>
        Assert.Equal(dropped, Judge(Create(Device.ModbusRtu), Bytes.Hex(bytes)));

    [Fact]
    public void Judge_AWholeReplyThatNoRequestAskedFor_RenewsTheConnection()
    {
        var strays = Create(Device.ModbusRtu);

        Assert.Null(Judge(strays, _value));
        Assert.True(strays.EndsConnection(_value));
        Assert.False(strays.EndsConnection(Bytes.Hex("000000")));
        Assert.False(strays.EndsConnection([]));
    }

    [Fact]
    public void Judge_TheReplyAgain_WasTheEchoBefore()
    {
        var strays = Create(Device.ModbusRtu);
        strays.Replied(Request(_write, MessageTraits.RepliesRepeat), _write);

        Assert.Equal(_write.Length, Judge(strays, _write));

        Assert.True(_session.HasEcho);
    }

    [Fact]
    public void Judge_NoChecksum_AnyByteRenewsTheConnection()
    {
        var strays = Create(Device.Line);

        Assert.Null(Judge(strays, [0]));
        Assert.True(strays.EndsConnection([0]));
    }

    [Fact]
    public void Judge_MessagesThatADestinationBegins_AreDroppedWhole()
    {
        var strays = Create(
            Device.Line,
            new()
            {
                Unsolicited = new() { Offset = 0, EqualTo = "!" },
            }
        );

        Assert.Equal(4, Judge(strays, Bytes.Text("!up\n")));
        Assert.Equal(0, Judge(strays, Bytes.Text("!u"))); // more has to come
        Assert.Null(Judge(strays, Bytes.Text("=1\n")));
        Assert.True(strays.IsUnsolicited("!x\n"u8));
        Assert.False(strays.IsUnsolicited("=x\n"u8));
        Assert.False(strays.EndsConnection(Bytes.Text("!a\n!b\n!")));
        Assert.True(strays.EndsConnection(Bytes.Text("!a\n=b\n")));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _clock.Dispose();
        await _client.DisposeAsync();
    }

    private StrayBytes Create(IMessageFramer framer, ClusterMultiplexConfig? config = null)
    {
        var settings = new UpstreamSettings(new() { Multiplex = config ?? new() }, framer);
        var services = new SessionDependencies(
            null!,
            null!,
            new MessageTrace(NullLogger<MessageTrace>.Instance, TimeProvider.System),
            _clock,
            TimeProvider.System,
            new(long.MaxValue / 4)
        );
        var state = new SessionState(settings, TimeProvider.System, new SessionMemory(settings, services.Memory));
        _session = new(new("c", "d", "tcp://127.0.0.1:1"), new Lock(), state, null!, null!, services);
        _connection = new(_session, settings, TimeProvider.System);
        return new(_session, _connection);
    }

    private void Receive(byte[] bytes) => _input.Append(bytes);

    private int? Judge(StrayBytes strays, byte[] bytes) =>
        strays.Judge(bytes, _connection.Settings.Framer.Measure(MeasureContext.ForReply(bytes, [])));

    private MultiplexRequest Request(byte[] message, MessageTraits traits)
    {
        var request = new MultiplexRequest(_client.Client);
        request.Reset(message);
        request.Traits = traits;
        return request;
    }
}
