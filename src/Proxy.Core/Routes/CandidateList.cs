using Proxy.Configuration.Tls;

namespace Proxy.Routes;

/// <summary>
/// Routes in order, of which each takes a client by its ClientHello alone or by its certificate too. Names in certificates are looked up; patterns are
/// walked.
/// </summary>
internal sealed class CandidateList
{
    private readonly List<HelloCandidate> _free = []; // those without conditions for certificates
    private readonly List<HelloCandidate> _bound = []; // and those with
    private readonly Dictionary<CertificateName, List<HelloCandidate>> _names = [];
    private readonly List<(CertificatePattern Pattern, HelloCandidate Candidate)> _patterns = [];

    /// <summary>Adds a route, behind those that were added before.</summary>
    public void Add(HelloCandidate candidate)
    {
        if (candidate.Conditions.ClientCertificates.Count == 0)
        {
            _free.Add(candidate);
            return;
        }

        _bound.Add(candidate);
        foreach (var pattern in candidate.Conditions.ClientCertificates)
        {
            if (pattern.Form != CertificatePatternForm.Exact)
            {
                _patterns.Add((pattern, candidate));
            }
            else if (_names.TryGetValue(pattern.Name, out var same))
            {
                same.Add(candidate);
            }
            else
            {
                _names.Add(pattern.Name, [candidate]);
            }
        }
    }

    /// <summary>The number of the first route that takes a client.</summary>
    /// <param name="hello">What it sent; before the handshake, every certificate may come.</param>
    /// <returns>The number; null if none of them does.</returns>
    public int? First(in SentHello hello)
    {
        var first = First(_free, hello);
        if (_bound.Count == 0)
        {
            return first;
        }

        if (hello.Certificate is not { } certificate)
        {
            return Earlier(first, First(_bound, hello));
        }

        foreach (var name in certificate.All)
        {
            if (_names.TryGetValue(name, out var candidates))
            {
                first = Earlier(first, First(candidates, hello));
            }
        }

        foreach (var (pattern, candidate) in _patterns)
        {
            if (candidate.Number >= first)
            {
                break;
            }

            foreach (var name in certificate.All)
            {
                if (pattern.Matches(name) && candidate.Takes(hello))
                {
                    first = Earlier(first, candidate.Number);
                }
            }
        }

        return first;
    }

    private static int? First(List<HelloCandidate> candidates, in SentHello hello)
    {
        foreach (var candidate in candidates)
        {
            if (candidate.Takes(hello))
            {
                return candidate.Number;
            }
        }

        return null;
    }

    private static int? Earlier(int? one, int? other) =>
        one is null ? other
        : other is null ? one
        : Math.Min(one.Value, other.Value);
}
