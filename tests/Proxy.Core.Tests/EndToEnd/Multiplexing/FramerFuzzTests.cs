using FsCheck;
using FsCheck.Fluent;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Bytes that are partly messages, partly spoilt messages, words of the protocols, and noise.</summary>
public sealed class FramerFuzzTests
{
    private static readonly string[] _words =
    [
        .. (string[])["\r\n", "\r\n\r\n", "\n", "\r", ":", " ", "0", "5\r\n", "FFFFFFFF\r\n", "-", "HTTP/1.1", "HTTP/1.1 200 OK\r\n"],
        .. (string[])["GET / HTTP/1.1\r\n", "POST ", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n"],
        .. (string[])
            ["HTTP/1.1 100 x\r\n\r\n", "9999", ":1103", "\u0011\u0003", "\0\0\0\0\0\u0006", "\u0011\u002b\u000e", "\u0011\u0041", "aa"],
        .. (string[])["*IDN?", "*CLS", ";", ",", "#", "#0", "#15", "#9999999999", "\"", "'", "?", "*3\r\n", "$3\r\n", "$-1\r\n", "*-1\r\n"],
        .. (string[])["%1\r\n", "|1\r\n", ">2\r\n", "+OK\r\n", ":1\r\n", "_\r\n", "(1\r\n", ",1\r\n", "#t\r\n", "=5\r\n", "\\x41"],
        .. (string[])
            ["get k\r\n", "set k 0 0 5\r\n", "VALUE k 0 5\r\n", "hello\r\n", "END\r\n", "ms k 5\r\n", "VA 5\r\n", "noreply", "\u0080"],
        .. (string[])["STAT a b\r\n", "STORED\r\n", "SERVER_ERROR x\r\n", "HD\r\n"],
    ];

    public static TheoryData<string> Names => Samples.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Measure_Garbage_KeepsEveryPromise(string name)
    {
        var framer = Samples.Named(name);
        var messages = Samples.Some(name);
        var requests = Gen.OneOf(Gen.Constant<byte[]?>(null), Garbage(messages).Select(static bytes => (byte[]?)bytes), Message(messages));
        var states =
            from request in requests
            from input in Gen.Elements(Enum.GetValues<InputState>())
            from examined in Gen.Choose(-1, 399)
            select (request, input, examined);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3_000),
            Prop.ForAll(
                Shrinking(Garbage(messages)),
                states.ToArbitrary(),
                (buffer, state) =>
                {
                    var context = Measuring.Context(buffer, state.request) with { Input = state.input, Examined = state.examined };
                    Measuring.Check(framer, buffer.Length, framer.Measure(context));
                }
            )
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Measure_GarbageByteByByte_NeverContradictsItself(string name)
    {
        var framer = Samples.Named(name);
        var messages = Samples.Some(name);
        var requests = Gen.OneOf(Gen.Constant<byte[]?>(null), Message(messages));

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(200),
            Prop.ForAll(
                Shrinking(Garbage(messages)),
                requests.ToArbitrary(),
                (buffer, request) => NeverContradicts(Measuring.Fed(framer, buffer, request), name == "modbus-rtu-over-tcp")
            )
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Measure_Message_AllocatesNothing(string name)
    {
        var framer = Samples.Named(name);
        var message = Samples.Some(name)[0];
        Measure(framer, message, 100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Measure(framer, message, 1_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TryWriteLocal_ToGarbage_NeverThrows(string name)
    {
        var framer = Samples.Named(name);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                Shrinking(Garbage(Samples.Some(name))),
                Gen.Elements(Enum.GetValues<LocalReply>()).ToArbitrary(),
                (request, reply) =>
                {
                    var writer = new System.Buffers.ArrayBufferWriter<byte>();
                    var isWritten = framer.Rules.TryWriteLocal(reply, request, writer);
                    Assert.Equal(isWritten, writer.WrittenCount > 0);
                    Assert.InRange(writer.WrittenCount, 0, 1_000);
                }
            )
        );
    }

    private static void Measure(IMessageFramer framer, byte[] message, int times)
    {
        for (var time = 0; time < times; time++)
        {
            framer.Measure(MeasureContext.ForRequest(message));
            framer.Measure(MeasureContext.ForRequest(message.AsSpan(0, message.Length / 2)));
            framer.Measure(MeasureContext.ForReply(message, message));
        }
    }

    private static void NeverContradicts(List<FrameMeasure> verdicts, bool mayGrow)
    {
        var needed = 0;
        for (var length = 1; length < verdicts.Count; length++)
        {
            var (before, now) = (verdicts[length - 1], verdicts[length]);
            needed = before.Status == FrameStatus.NeedMore ? Math.Max(needed, before.Length) : needed;
            if (before.Status == FrameStatus.NeedMore)
            {
                Assert.False(now.Status == FrameStatus.Complete && length < needed, $"whole with {length} of {needed} bytes");
            }
            else if (before.Status == FrameStatus.Part)
            {
                Assert.True(now.Status == FrameStatus.Malformed || (now.Status == FrameStatus.Part && now.Length >= before.Length));
            }
            else if (!mayGrow || before.Status == FrameStatus.Malformed)
            {
                Assert.Equal(before, now);
            }
        }
    }

    // Fewer bytes fail as well as many: what is left after shrinking is what matters.
    private static Arbitrary<byte[]> Shrinking(Gen<byte[]> bytes) =>
        Arb.From(bytes, static value => ArbMap.Default.ArbFor<byte[]>().Shrinker(value).Where(static smaller => smaller.Length > 0));

    private static Gen<byte[]> Garbage(byte[][] messages) =>
        from count in Gen.Choose(1, 5)
        from parts in Gen.OneOf(
                Gen.Elements(messages),
                Spoilt(messages),
                Gen.Elements(_words).Select(static word => Bytes.Text(word)),
                Samples.Data(63)
            )
            .ArrayOf(count)
        from length in Gen.Choose(1, 1_199)
        let bytes = parts.SelectMany(static part => part).Take(length).ToArray()
        select bytes;

    private static Gen<byte[]> Spoilt(byte[][] messages) =>
        from message in Gen.Elements(messages)
        from times in Gen.Choose(1, 3)
        from places in Gen.Choose(0, message.Length - 1).ArrayOf(times)
        from octets in Samples.Data(times, times)
        from length in Gen.Choose(1, message.Length)
        select places
            .Zip(octets)
            .Aggregate(message, static (bytes, change) => [.. bytes[..change.First], change.Second, .. bytes[(change.First + 1)..]])[
            ..length
        ];

    private static Gen<byte[]?> Message(byte[][] messages) => Gen.Elements(messages).Select(static message => (byte[]?)message);
}
