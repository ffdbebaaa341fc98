using System.Text;

namespace Proxy.Benchmarks;

/// <summary>Builds ClientHello messages.</summary>
internal static class Hellos
{
    /// <summary>A TLS record with a ClientHello for a server.</summary>
    public static byte[] Record(string name) => [22, 3, 1, .. Long([1, 0, .. Long(Body(name))])];

    /// <summary>The message without its header, with a name and two application protocols.</summary>
    public static byte[] Body(string name)
    {
        var text = Encoding.ASCII.GetBytes(name);
        byte[] names = [0, 0, .. Long(Long([0, .. Long(text)]))];
        byte[] protocols = [0, 16, .. Long(Long([2, .. "h2"u8, 8, .. "http/1.1"u8]))];
        return [3, 3, .. new byte[32], 32, .. new byte[32], 0, 2, 0x13, 0x01, 1, 0, .. Long([.. names, .. protocols])];
    }

    // What a length of two bytes precedes.
    private static byte[] Long(byte[] content) => [(byte)(content.Length >> 8), (byte)content.Length, .. content];
}
