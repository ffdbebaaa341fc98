using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Peeking.Detectors;
using Proxy.Peeking.Hello;

namespace Proxy.Peeking;

/// <summary>What is known of a client by its first bytes. At the end, what is still unknown counts as no.</summary>
internal sealed class ConnectionFacts(PeekPlan plan)
{
    private readonly DetectorVerdict[] _verdicts = new DetectorVerdict[plan.Detectors.Count];
    private ClientHelloReader _reader = new();
    private bool _hasAskedForGss;
    private bool _isFinal;

    /// <summary>The ClientHello; null if there is none, or none so far.</summary>
    public ClientHello? Hello => _reader.Hello;

    /// <summary>How much of a ClientHello is known.</summary>
    public ClientHelloStatus HelloStatus => _reader.Status;

    /// <summary>Whether a ClientHello may still come.</summary>
    public bool MayHaveHello => !_isFinal && _reader.Status == ClientHelloStatus.MoreBytes;

    /// <summary>What a client of PostgreSQL asks for; none if the endpoint answers none, and after the answer.</summary>
    public PostgresRequest Postgres { get; private set; } = plan.AnswersPostgres ? PostgresRequest.MoreBytes : PostgresRequest.None;

    /// <summary>Whether the client was told that it may begin with TLS, as a client of PostgreSQL.</summary>
    public bool IsPostgresOverTls { get; private set; }

    /// <summary>Whether the time was over before everything was known.</summary>
    public bool HasTimedOut { get; private set; }

    /// <summary>Whether it ended before everything was known.</summary>
    public bool HasEnded => _isFinal && !HasTimedOut;

    /// <summary>What is needed to know the ClientHello, or that there is none.</summary>
    public PeekNeed NeedForHello =>
        Hello is not null ? PeekNeed.Nothing
        : Postgres is PostgresRequest.Tls or PostgresRequest.Gss ? PeekNeed.Answer
        : MayHaveHello || Postgres == PostgresRequest.MoreBytes ? PeekNeed.MoreBytes
        : PeekNeed.Nothing;

    /// <summary>Whether the client speaks a protocol of the plan.</summary>
    /// <param name="detector">Its position in the plan.</param>
    public DetectorVerdict Verdict(int detector) =>
        _isFinal && _verdicts[detector] == DetectorVerdict.MoreBytes ? DetectorVerdict.No : _verdicts[detector];

    /// <summary>The names of the protocols that were recognized, of those that routes ask for.</summary>
    public IEnumerable<string> Protocols =>
        plan.Detectors.Where((_, index) => Verdict(index) == DetectorVerdict.Yes).Select(static detector => detector.Name);

    /// <summary>Examines the bytes of the client.</summary>
    /// <param name="bytes">All that were received, without what was answered.</param>
    public void Examine(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        _reader.Read(bytes);
        if (IsPostgresOverTls)
        {
            return;
        }

        if (Postgres == PostgresRequest.MoreBytes)
        {
            Postgres = PostgresRequests.Read(bytes);
            if (Postgres == PostgresRequest.Gss && _hasAskedForGss)
            {
                Postgres = PostgresRequest.None;
            }
        }

        for (var i = 0; i < _verdicts.Length; i++)
        {
            if (_verdicts[i] == DetectorVerdict.MoreBytes)
            {
                _verdicts[i] = plan.Detectors[i].Detect(bytes);
            }
        }
    }

    /// <summary>Returns the answer to what a client of PostgreSQL asks for. Its next bytes are examined as its first ones.</summary>
    public ReadOnlyMemory<byte> AnswerPostgres()
    {
        var isTls = Postgres == PostgresRequest.Tls;
        IsPostgresOverTls = isTls;
        _hasAskedForGss = !isTls;
        Postgres = isTls ? PostgresRequest.None : PostgresRequest.MoreBytes;
        _reader = new();
        return isTls ? PostgresRequests.Accepted : PostgresRequests.Refused;
    }

    /// <summary>No further bytes are examined.</summary>
    /// <param name="hasTimedOut">Whether because the time is over.</param>
    public void End(bool hasTimedOut = false)
    {
        _isFinal = true;
        HasTimedOut = hasTimedOut;
        Postgres = PostgresRequest.None;
    }

    /// <summary>Tells a connection what was found out: its record, its handler, and its upstream if it awaits a question first.</summary>
    public void Publish(TcpConnection connection)
    {
        if (IsPostgresOverTls)
        {
            connection.Preamble = PostgresPreamble.Instance;
        }

        if (Hello is { } hello)
        {
            connection.Features.Set<IClientHelloFeature>(hello);
            ConnectionRecord.Of(connection).SetHello(hello.ServerName, hello.AlpnProtocols);
        }
    }
}
