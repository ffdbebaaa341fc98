using FsCheck;
using FsCheck.Fluent;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>What holds for every framer and every message.</summary>
public sealed class FramerPropertyTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(50);

    public static TheoryData<string> Names => Samples.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Measure_MessageAndAnySuffix_IsTheMessage(string name)
    {
        var framer = Samples.Named(name);
        var cases = from message in Samples.Requests(name) from suffix in Samples.Data(300) select (message, suffix);

        Check.One(
            _config,
            Prop.ForAll(
                cases.ToArbitrary(),
                pair =>
                {
                    var measure = framer.Request([.. pair.message, .. pair.suffix]);
                    Assert.Equal((FrameStatus.Complete, pair.message.Length), (measure.Status, measure.Length));
                }
            )
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Measure_AnyProperPrefix_NeedsMoreButNotTooMuch(string name)
    {
        var framer = Samples.Named(name);
        Check.One(
            _config,
            Prop.ForAll(
                Samples.Requests(name).ToArbitrary(),
                message =>
                {
                    var verdicts = Measuring.Fed(framer, message, null);
                    Assert.All(verdicts.SkipLast(1), verdict => Assert.Equal(FrameStatus.NeedMore, verdict.Status));
                    Assert.All(verdicts, verdict => Assert.InRange(verdict.Length, 1, message.Length));
                }
            )
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Measure_ManyInARowInAnyPieces_AllAreFound(string name)
    {
        var framer = Samples.Named(name);
        var messages = Samples.Requests(name).ToArbitrary().Array();
        var pieces = Gen.Choose(1, 99).NonEmptyListOf().Select(static sizes => sizes.ToArray()).ToArbitrary();

        Check.One(
            _config.WithEndSize(20),
            Prop.ForAll(messages, pieces, (messages, pieces) => Assert.Equal(messages, Read(framer, messages, pieces)))
        );
    }

    // As a session reads: measures only once there is as much as was asked for.
    private static List<byte[]> Read(IMessageFramer framer, byte[][] messages, int[] pieces)
    {
        var (stream, buffer, found) = (
            new Queue<byte>(messages.SelectMany(static message => message)),
            new List<byte>(),
            new List<byte[]>()
        );
        var (needed, examined) = (1, 0);
        for (var piece = 0; stream.Count > 0 || buffer.Count > 0; piece++)
        {
            for (var count = pieces[piece % pieces.Length]; count > 0 && stream.TryDequeue(out var octet); count--)
            {
                buffer.Add(octet);
            }

            Assert.True(buffer.Count >= needed || stream.Count > 0);
            while (buffer.Count >= needed)
            {
                var measure = framer.Measure(MeasureContext.ForRequest(buffer.ToArray()) with { Examined = examined });
                Assert.NotEqual(FrameStatus.Malformed, measure.Status);
                (needed, examined) = measure.Status == FrameStatus.NeedMore ? (measure.Length, measure.Examined) : (1, 0);
                if (measure.Status == FrameStatus.Complete)
                {
                    found.Add([.. buffer.Take(measure.Length)]);
                    buffer.RemoveRange(0, measure.Length);
                }
            }
        }

        return found;
    }
}
