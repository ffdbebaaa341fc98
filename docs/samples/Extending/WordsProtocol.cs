using System.Buffers;
using System.Text;
using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Extending;

/// <summary>Lines of a verb and a name. GET only reads, and is sent once however many clients ask at once; DROP is refused.</summary>
internal sealed class WordsProtocol : IMessageFramer, IProtocolRules, IRouteRules
{
    public string Name => "words";

    public string Description => "Lines of a verb and a name.";

    public int MaxBytes => 100;

    public IProtocolRules Rules => this;

    public FrameMeasure Measure(in MeasureContext context)
    {
        var end = context.Buffer.IndexOf((byte)'\n');
        return end < 0 ? FrameMeasure.NeedMore(context.Buffer.Length + 1, MaxBytes)
            : context.Buffer.StartsWith("GET "u8) ? FrameMeasure.Complete(end + 1, MessageTraits.Safe)
            : FrameMeasure.Complete(end + 1);
    }

    // A request of up to 16 bytes is a key by itself; of a longer one the reply is not shared.
    public RequestFacts Describe(ReadOnlySpan<byte> request)
    {
        UInt128 key = 0;
        foreach (var letter in request.Length <= 16 ? request : [])
        {
            key = (key << 8) | letter;
        }

        return new RequestFacts { ShareKey = key };
    }

    public ReplyMeaning Judge(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) =>
        reply.StartsWith("ERROR"u8) ? ReplyMeaning.Error : ReplyMeaning.Answer;

    public ReplySharing SharingOf(ClusterMultiplexConfig config) => new(Joins: true, KeptFor: TimeSpan.FromSeconds(1));

    public bool TryWriteLocal(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        writer.Write(Encoding.ASCII.GetBytes($"ERROR {reply}\n"));
        return true;
    }

    public IRouteRules RulesOf(MultiplexConfig config) => this;

    public RequestVerdict Judge(ReadOnlySpan<byte> request) => request.StartsWith("DROP "u8) ? RequestVerdict.Deny : RequestVerdict.Allow;
}
