using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Bytes that nobody thought of, from fixed seeds.</summary>
public sealed class FramerFuzzTests
{
    private static readonly string[] _words =
    [
        .. (string[])["\r\n", "\r\n\r\n", "\n", "\r", ":", " ", "0", "5\r\n", "FFFFFFFF\r\n", "-", "HTTP/1.1", "HTTP/1.1 200 OK\r\n"],
        .. (string[])["GET / HTTP/1.1\r\n", "POST ", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n"],
        .. (string[])
            ["HTTP/1.1 100 x\r\n\r\n", "9999", ":1103", "\u0011\u0003", "\0\0\0\0\0\u0006", "\u0011\u002b\u000e", "\u0011\u0041", "aa"],
    ];

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var framer in Samples.Framers)
            {
                for (var seed = 1; seed <= 4; seed++)
                {
                    cases.Add(framer.Name, seed);
                }
            }

            return cases;
        }
    }

    public static TheoryData<string> Names => Samples.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Measure_Garbage_KeepsEveryPromise(string name, int seed)
    {
        var framer = Samples.Named(name);
        var random = new Random(seed);
        var messages = Samples.Some(name);
        for (var round = 0; round < 1_500; round++)
        {
            var buffer = Garbage(random, messages);
            var request = random.Next(3) switch
            {
                0 => null,
                1 => Garbage(random, messages),
                _ => messages[random.Next(messages.Length)],
            };
            var input = (InputState)random.Next(3);
            var context = Measuring.Context(buffer, request) with { Input = input, Examined = random.Next(-1, 400) };
            var measure = framer.Measure(context);
            Measuring.Check(framer, buffer.Length, measure);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Measure_GarbageByteByByte_NeverContradictsItself(string name)
    {
        var framer = Samples.Named(name);
        var random = new Random(name.Length);
        var messages = Samples.Some(name);
        for (var round = 0; round < 200; round++)
        {
            var buffer = Garbage(random, messages);
            var request = random.Next(2) == 0 ? null : messages[random.Next(messages.Length)];
            NeverContradicts(Measuring.Fed(framer, buffer, request), name == "modbus-rtu-over-tcp");
        }
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

    [Fact]
    public void TryWriteLocal_ToGarbage_NeverThrows()
    {
        var random = new Random(7);
        foreach (var framer in Samples.Framers.Where(static framer => framer.Rules != NoRules.Instance))
        {
            var messages = Samples.Some(framer.Name);
            for (var round = 0; round < 500; round++)
            {
                var writer = new System.Buffers.ArrayBufferWriter<byte>();
                var written = framer.Rules.TryWriteLocal((LocalReply)random.Next(8), Garbage(random, messages), writer);
                Assert.Equal(written, writer.WrittenCount > 0);
                Assert.InRange(writer.WrittenCount, 0, 1_000);
            }
        }
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
            else if (!mayGrow || before.Status == FrameStatus.Malformed)
            {
                Assert.Equal(before, now);
            }
        }
    }

    private static byte[] Garbage(Random random, byte[][] messages)
    {
        var bytes = new List<byte>();
        for (var parts = random.Next(1, 6); parts > 0; parts--)
        {
            var part = random.Next(4) switch
            {
                0 => messages[random.Next(messages.Length)],
                1 => Spoilt(random, messages[random.Next(messages.Length)]),
                2 => Bytes.Text(_words[random.Next(_words.Length)]),
                _ => Noise(random),
            };
            bytes.AddRange(part);
        }

        return [.. bytes.Take(random.Next(1, 1_200))];
    }

    private static byte[] Spoilt(Random random, byte[] message)
    {
        byte[] copy = [.. message];
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
        }

        return copy[..random.Next(1, copy.Length + 1)];
    }

    private static byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(0, 64)];
        random.NextBytes(noise);
        return noise;
    }
}
