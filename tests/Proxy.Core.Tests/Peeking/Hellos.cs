using System.Buffers.Binary;
using System.Text;

namespace Proxy.Core.Tests.Peeking;

/// <summary>ClientHellos: those that programs send, and others that are made here.</summary>
internal static class Hellos
{
    /// <summary>openssl s_client -servername Mail.Example.COM. -alpn imap,h2</summary>
    public static readonly byte[] OpenSsl = Convert.FromBase64String(
        "FgMBAUwBAAFIAwPts8w5iSziyR5+Ekdrdq9dwzT/dVcGlvf3UaMBJTQR8iBOLbDZ/bISOah1zIJJCHLI5sPEoGY/9zuUSqmsIdr/pQA+EwITAxMBwCzAMACf"
            + "zKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAzAJ0AnAA9ADwANQAvAP8BAADBAAAAFgAUAAARTWFpbC5FeGFtcGxlLkNPTS4ACwAEAwABAgAK"
            + "ABYAFAAdABcAHgAZABgBAAEBAQIBAwEEACMAAAAQAAoACARpbWFwAmgyABYAAAAXAAAADQAqACgEAwUDBgMIBwgICAkICggLCAQIBQgGBAEFAQYBAwMDAQMC"
            + "BAIFAgYCACsACQgDBAMDAwIDAQAtAAIBAQAzACYAJAAdACARa0b1mkMOZVNGxRmw9yS1SYc8ebOUgLDlJX1i39OmfQ=="
    );

    /// <summary>openssl s_client -servername mail.example.com -tls1_2</summary>
    public static readonly byte[] OpenSslTls12 = Convert.FromBase64String(
        "FgMBANABAADMAwNjmo2mamJaBKBMla1yTV9s7E9H/StnQ4M1GmR2udnWrQAAOMAswDAAn8ypzKjMqsArwC8AnsAkwCgAa8AjwCcAZ8AKwBQAOcAJwBMAMwCd"
            + "AJwAPQA8ADUALwD/AQAAawAAABUAEwAAEG1haWwuZXhhbXBsZS5jb20ACwAEAwABAgAKAAwACgAdABcAHgAZABgAIwAAABYAAAAXAAAADQAqACgEAwUDBgMI"
            + "BwgICAkICggLCAQIBQgGBAEFAQYBAwMDAQMCBAIFAgYC"
    );

    /// <summary>curl https://www.example.com/</summary>
    public static readonly byte[] Curl = Convert.FromBase64String(
        "FgMBAgABAAH8AwNc3Mp1UwiUw1qlKBAVH+/nx8NshBw3PQVrXMRmw0RlDyCkeNB3+GrgEDsXGZi4/LbCu4fdqf59xfcNX6MnkSzrjQA+EwITAxMBwCzAMACf"
            + "zKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAzAJ0AnAA9ADwANQAvAP8BAAF1AAAAFAASAAAPd3d3LmV4YW1wbGUuY29tAAsABAMAAQIACgAW"
            + "ABQAHQAXAB4AGQAYAQABAQECAQMBBAAQAA4ADAJoMghodHRwLzEuMQAWAAAAFwAAADEAAAANACoAKAQDBQMGAwgHCAgICQgKCAsIBAgFCAYEAQUBBgEDAwMB"
            + "AwIEAgUCBgIAKwAJCAMEAwMDAgMBAC0AAgEBADMAJgAkAB0AIJzKtW7qX70y6K/iIT3xUgGzGkBAC9GU8WWthqzWUFsMABUArgAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
    );

    /// <summary>psql host=db.example.com sslmode=require, after the answer to its SSLRequest</summary>
    public static readonly byte[] Psql = Convert.FromBase64String(
        "FgMBATcBAAEzAwMMoVAo3KJHJsemzczP8MgrF5YOOvjN8GWarLMYXLxutyB40Gj6JFhbBJpeOzoJdQAWhVWxB+jMiUUXWFiPiznRJQA+EwITAxMBwCzAMACf"
            + "zKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAzAJ0AnAA9ADwANQAvAP8BAACsAAAAEwARAAAOZGIuZXhhbXBsZS5jb20ACwAEAwABAgAKABYA"
            + "FAAdABcAHgAZABgBAAEBAQIBAwEEACMAAAAWAAAAFwAAAA0AKgAoBAMFAwYDCAcICAgJCAoICwgECAUIBgQBBQEGAQMDAwEDAgQCBQIGAgArAAUEAwQDAwAt"
            + "AAIBAQAzACYAJAAdACDYGE8mXKxSMxL/EkYEFGY5k03nyGzn767iSVEO0z4VTQ=="
    );

    /// <summary>chromium https://www.example.org/, with values for nothing, a post-quantum share and encrypted ClientHello</summary>
    public static readonly byte[] Chromium = Convert.FromBase64String(
        "FgMBB34BAAd6AwNO91CCbQcSH5pM2xry6+nJwErp/ahwD06ufA/eccfF+iBJ0XSDaYkPrxwxRUKOZkGjgfYpuWRL0J6T9GNiv3inXAAgKioTARMCEwPAK8Av"
            + "wCzAMMypzKjAE8AUAJwAnQAvADUBAAcRmpoAAP4NALoAAAEAAXUAIGRaTIqA5zikWmnPoHINNNveqNHNCCHe2TNTYSqCsIwFAJCXDONDDbAVUzugVniERyDs"
            + "nAE+9NX656PuhWdFW+6nqOXwkBxGCCAF7D95X5uNtWZmB01gkAaMKxhp/7Or4Oxijk/fOTo/0xJV2+8Ct3+11Pt6ZgbXZ762DL4UxzOzLU7blPvjqjOQeX1F"
            + "P6qZ+kd0AY5O1tSV/yyzVnKqBai4+6bZ/ZIAXWLi33Ti8lemMWUAFwAAAAAAFAASAAAPd3d3LmV4YW1wbGUub3JnAAUABQEAAAAAABsAAwIAAgAtAAIBAf8B"
            + "AAEAACsABwZ6egMEAwMAIwAAyjQAugC4BYLfEwIBBYLfEwIGBYLfEwINBYLfEwIOBYLfEwIPBYLfEwISBYLfEwITBYLfEwIUCIOaZIybLQEHCIOaZIybLQEI"
            + "CIOaZIybLQEJCIOaZIybLQEKCIOaZIybLQELCIOaZIybLQEMCIOaZIybLQENCIOaZIybLQESCIOaZIybLQETBNZ5CQEE1nkJBATWeQkFBNZ5CQYE1nkJBwTW"
            + "eQkIBNZ5CQoE1nkJCwTWeQkMBNZ5CQ0E1nkJDwALAAIBAAAKAAwACioqEewAHQAXABgAEgAARM0ABQADAmgyAA0AGgAYqqoJBAkFCQYEAwgEBAEFAwgFBQEI"
            + "BgYBADME7wTtKioAAQAR7ATA47lBMMZrtHq0JfBpnMRWrhsKxpeXmWIHdrhfptLB8uVL/Rh3VYKiujcIa/QXgPt2h1UzEqKjTtMBdsQta2iFMmcROgIQMMvD"
            + "viyaJDS1tCkPrCm4fqM9hbGYbxCQ3MOltVdb2knEmYhmEEdM29xIzyy4ZrICmGGZAfPHRwk5hAIf20K5h3kC4PAA4IKAHOwZmYtGEtIG23K5jUQu5WBVcFcT"
            + "jfusy9lFdZVoT8ZX2Op+cRuUCaG8AWVQvbMBR/WAgKfNC4CiVHkSXMOlAABh2nWOnGCIGJElzIZcs3wggEoT8XwXRUE5I8WO3Pc76AjI6Nk5RagmU/bAs5y4"
            + "V2sPOZSHnpxjJJvP8MC38NYEK+Ypb8kY6cN3jPU6L8gWQaU4r/CnWtw701QC1rwskkhrGtrCaFhnPgi+nQfJt8BBrkzH1sBWz4koNELMwsgOXoi9EQjQzVyW"
            + "kxBAAMqkRXS20CZAndyWeHnLW7SAi4c4etR3PXUUgpUdXnUmPbNKOXYv4JUXwzu4TIrFOYZVY1Fi5Txbb0C4JUuEVkuNkEV/UpWs1aO+WILG/GYM+KVRfgfI"
            + "ENgKUWp+U9J6aLE3+7zMo1q/ptVCQtowpgKC7mYTq5pC/Excx1SRNGURMpEDhnq9qqzOiQY/gvJsFCEGQ5HI7BsLjdE+KoljoWkyGBBtoKxzHAfP11kGt6Zj"
            + "MsGWznBl7bWg3tO89jcbflR+bTAxL2tRn7NuCuCQ/yldwCaYMrdCfLsrwDyNQDqz19eYhTdzkudzyUgJkgN9wKiKMWReS6ps1yMW7worlZwFr7emDXNeEYQf"
            + "SBq36UNIKNYRHbETTuFZByJ/roJcJ6UVGFYPleRlNZYlTAuSuRq9IVAsXmzCPugFZSVO6CSfSCFHCqRjnnFbT+Fqa8NBA9lNH2EL5jYosjh/xTmsTUjB+tzJ"
            + "lemBRFSI0zqL7XAWGAmsRnOWSsKrUAdVOtd9d8Gre+pvJidkTNdWnVOs7LWohyuUEPJJelg3dmxgWdF/JhDF3hARQxFm63yoD5KwotYWW3QZRSJ39mxKSQwY"
            + "UQtizEpHtOu9IqA3bTmzfGQxLtBjzCYtiDFAENBGgEAGmyitG8sOdCaX1Pp2VCfAPEQ0VMyaN6pBXhYtUcKXYjdVkkBo7YGoGEeVNdbPFyIjpyt6rVQDFjgu"
            + "qXxcqZMXnKN5+/IMLDdvsNNKEYyL8zZt8lRfyHY0Pcdv8ZtJ/zdSZwiRhXAFZsdtNalSr4PNY4LAfdvFV7rNP4nHPyl8IawXCUVgP6Kk1VM4txi43FLBL3sZ"
            + "U8ps0bQ/yZu3orIXh0KtCuBI4ZSfImopoxo85ZRnDOdGgdO5dzkoFVV0exnMvVdTfuOjxnk+vfNmiPvL/DRJq0xMVts+3NBBCiEmhvQbUbQnGFtDPVuRsAJx"
            + "FNG0BuIkOKg2VROMlWuTLglLDpQq8YsEBiqxx1IvDZS6MZdnI1AgIGpnXDOJ9TIJuUzDIYk3Dtob5JgoX8oZl7iAZmWRF2k0p9EgczR591qVKwA75ZivCkA1"
            + "JO1+BX53fDFxl2W4PA9NifM6NG7H+i50AUJCh/ykYPI4tEv5ZOJdZIWvh6cRXYiE+QZ3ipIPYwI7C6lQmW1yEQAdACAD0iWSnEwsjyWO/uwzd/NlEmDrDwYu"
            + "pIyFLoMqqXhILQAQAA4ADAJoMghodHRwLzEuMTo6AAEA"
    );

    /// <summary>The samples, with what they say.</summary>
    public static TheoryData<string, string?, string> Known { get; } =
        new()
        {
            { nameof(OpenSsl), "mail.example.com", "imap,h2" },
            { nameof(OpenSslTls12), "mail.example.com", "" },
            { nameof(Curl), "www.example.com", "h2,http/1.1" },
            { nameof(Psql), "db.example.com", "" },
            { nameof(Chromium), "www.example.org", "h2,http/1.1" },
        };

    public static byte[] Of(string name) =>
        name switch
        {
            nameof(OpenSsl) => OpenSsl,
            nameof(OpenSslTls12) => OpenSslTls12,
            nameof(Curl) => Curl,
            nameof(Psql) => Psql,
            _ => Chromium,
        };

    /// <summary>A ClientHello in one record, with a name and protocols.</summary>
    public static byte[] Simple(string? name, params string[] alpn) =>
        Records(Message(Extensions([.. name is null ? [] : new[] { ServerName(name) }, .. alpn.Length == 0 ? [] : new[] { Alpn(alpn) }])));

    /// <summary>The message, without records.</summary>
    /// <param name="extensions">The extensions with their length; empty for none.</param>
    /// <param name="session">The length of the session id.</param>
    public static byte[] Message(byte[] extensions, int session = 32)
    {
        byte[] body = [3, 3, .. new byte[32], (byte)session, .. new byte[session], 0, 2, 0x13, 0x01, 1, 0, .. extensions];
        return [1, (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body];
    }

    public static byte[] Extensions(params byte[][] extensions) => Long([.. extensions.SelectMany(static bytes => bytes)]);

    public static byte[] Extension(int type, byte[] content) => [(byte)(type >> 8), (byte)type, .. Long(content)];

    public static byte[] ServerName(string name) => ServerName(Encoding.Latin1.GetBytes(name));

    public static byte[] ServerName(params byte[][] names) =>
        Extension(0, Long([.. names.SelectMany(static name => (byte[])[0, .. Long(name)])]));

    public static byte[] Alpn(params string[] protocols) =>
        Extension(16, Long([.. protocols.SelectMany(static name => (byte[])[(byte)name.Length, .. Encoding.Latin1.GetBytes(name)])]));

    /// <summary>Content after its length of two bytes.</summary>
    public static byte[] Long(byte[] content)
    {
        var bytes = new byte[2 + content.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)content.Length);
        content.CopyTo(bytes, 2);
        return bytes;
    }

    /// <summary>Puts a message into records of a size.</summary>
    public static byte[] Records(byte[] message, int size = 1 << 14) =>
        [.. message.Chunk(size).SelectMany(static part => (byte[])[22, 3, 1, .. Long(part)])];

    /// <summary>The message in the records of a sample.</summary>
    public static byte[] MessageOf(byte[] record) => record[5..];
}
