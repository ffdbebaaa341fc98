using System.Text.Json;
using System.Text.Json.Serialization;

namespace Proxy.Host.Admin;

/// <summary>JSON of the API: camelCase, enums as words, durations in seconds.</summary>
internal static class ApiJson
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(), new SecondsConverter() },
    };

    public static Task WriteAsync<T>(HttpContext context, T value) => context.Response.WriteAsJsonAsync(value, _options);

    /// <summary>Answers that something is not there or not right.</summary>
    public static Task WriteErrorAsync(HttpContext context, int status, string error)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { error }, _options);
    }

    /// <summary>The body; null when it is not of this kind.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext context)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(context.Request.Body, _options, context.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        private const int Digits = 6;

        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value.TotalSeconds, Digits));
    }
}
