namespace Proxy.Tls.Certificates;

/// <summary>Chooses among certificates by the name that a client asks for: exactly, then by wildcard, then the first.</summary>
/// <param name="certificates">At least one; of several for the same name the first is chosen.</param>
internal sealed class CertificateChooser(IReadOnlyList<ServedCertificate> certificates)
{
    /// <param name="serverName">The name that the client asks for; null if it asks for none.</param>
    public ServedCertificate Choose(string? serverName) =>
        serverName is null ? certificates[0] : certificates.FirstOrDefault(one => one.Covers(serverName)) ?? certificates[0];
}
