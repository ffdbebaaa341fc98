namespace Proxy.Tls.Certificates;

/// <summary>Chooses among certificates by the name that a client asks for: exactly, then by wildcard, then the first.</summary>
/// <param name="certificates">At least one; of several for the same name the first is chosen.</param>
/// <remarks>A wildcard of a certificate stands for one label (RFC 6125, 6.4.3), so that at most one pattern fits beside the name itself.</remarks>
internal sealed class CertificateChooser(IReadOnlyList<ServedCertificate> certificates)
{
    private volatile Table? _table;

    /// <param name="serverName">The name that the client asks for; null if it asks for none.</param>
    public ServedCertificate Choose(string? serverName)
    {
        if (serverName is null || certificates.Count == 1)
        {
            return certificates[0];
        }

        var generation = certificates[0].Generation.Value;
        var table = _table;
        if (table?.Generation != generation)
        {
            // Read before the names: a replacement in between makes the next call build it again.
            _table = table = new(generation, certificates);
        }

        return table.Find(CertificateNames.Normalize(serverName)) ?? certificates[0];
    }

    private sealed class Table
    {
        private readonly Dictionary<string, ServedCertificate> _exact = new(StringComparer.Ordinal);
        private readonly Dictionary<string, ServedCertificate> _belowByName = new(StringComparer.Ordinal);
        private readonly Dictionary<string, ServedCertificate>.AlternateLookup<ReadOnlySpan<char>> _below;

        public Table(int generation, IReadOnlyList<ServedCertificate> certificates)
        {
            Generation = generation;
            foreach (var certificate in certificates)
            {
                foreach (var name in certificate.Names)
                {
                    _ = CertificateNames.IsWildcard(name) ? _belowByName.TryAdd(name[1..], certificate) : _exact.TryAdd(name, certificate);
                }
            }

            _below = _belowByName.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public int Generation { get; }

        public ServedCertificate? Find(string name) =>
            _exact.TryGetValue(name, out var found) ? found
            : name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && _below.TryGetValue(name.AsSpan(dot), out found) ? found
            : null;
    }
}
